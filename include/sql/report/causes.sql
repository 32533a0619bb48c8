SELECT
    cause,
    accounts,
    overdue_amount,
    share_pct
FROM night.root_cause
WHERE company_id = $company AND dimension = 'company' AND is_total
ORDER BY overdue_amount DESC, cause ASC
