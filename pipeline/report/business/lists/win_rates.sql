-- Won and lost estimates of each year, by division and by salesperson, the latest year first.
select
    counted.year,
    counted.scope as part,
    counted.scope_key as name,
    counted.total_estimates as estimates,
    counted.won_estimates as won,
    counted.lost_estimates as lost,
    counted.win_rate,
    counted.won_value,
    counted.revenue_vs_won as won_share

from win_loss as counted
where counted.scope in ('division', 'salesperson')
order by counted.year desc, counted.scope asc, counted.won_value desc, counted.scope_key collate "C" asc
