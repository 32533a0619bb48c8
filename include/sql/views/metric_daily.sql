-- Figures of finance side by side (每日指标): one row per business date and scope, as of the close of books; the columns
-- are those of metric_month_end. Name the business date, or a range of them for a trend day by day.
SELECT
    m.business_date,
    m.run_id,
    m.scope,
    m.company_id,
    m.dimension,
    m.member,
    m.currency,
    m.is_total,
    m.open_amount,
    m.overdue_amount,
    m.overdue_share_pct,
    m.dso_simple,
    m.dso_countback,
    m.dso_true,
    m.bpdso,
    m.add,
    m.cei,
    m.cei_monthly,
    m.days_late,
    m.days_to_pay,
    m.promise_kept_pct,
    m.promise_kept_amount_pct,
    m.coverage_pct,
    m.answer_rate_pct,
    m.collection_rate_pct,
    m.sales,
    m.receipts,
    m.write_offs,
    m.as_of
FROM collections.metric_month_end AS m
WHERE m.closed_on = m.as_of
