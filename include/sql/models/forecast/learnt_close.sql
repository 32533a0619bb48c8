-- One row per month end that the forecast learns from: those whose weeks are all over.
-- materialise: view
SELECT c.closed_on
FROM policy.close_day AS c
CROSS JOIN policy.forecast_parameter AS p
WHERE c.is_month_end AND c.closed_on <= p.learn_until
