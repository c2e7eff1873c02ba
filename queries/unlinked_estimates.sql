-- Which estimates have no account?
-- Asked by: whoever maintains the CRM, after every run
-- Columns:
--   estimate_id: the estimate
--   lmn_estimate_id: its identifier in LMN
--   contact_name: the contact that it names
--   lmn_contact_id: that contact's identifier in LMN, which matches no account or contact of the CRM
--   stated_account_id: the account that it names, which does not exist
--   project_name: its project
--   status: its status, as written
--   is_won: whether it is won, in which case its price is missing from all accounts' revenue
--   estimate_date: its date
--   price_used: its price, US dollars
select
    id as estimate_id,
    lmn_estimate_id,
    contact_name,
    lmn_contact_id,
    stated_account_id,
    project_name,
    status,
    is_won,
    estimate_date,
    price_used

from estimates
where account_id is null
order by is_won desc, price_used desc, id collate "C"
