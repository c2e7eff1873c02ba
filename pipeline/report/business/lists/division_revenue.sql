-- What won estimates of accounts bring in each year, by division.
select
    year,
    division,
    contracts,
    accounts,
    revenue

from division_revenue
order by year desc, revenue desc, division collate "C"
