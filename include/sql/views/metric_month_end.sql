-- Figures of finance side by side (指标宽表): one row per business date, scope and month, as known that night; the month
-- that is not over ends at as-of. Windows are fixed here, so that a column means one thing; metric holds all of them.
-- Segments and reps have the newest close only. Always name the business date: one night holds all months.
-- column month: First day of the month.
-- column is_month_end: The close is the end of its month; else the month is not over.
-- column open_amount: Open amount at the close, before free credit.
-- column overdue_amount: Of it, due before the close.
-- column overdue_share_pct: overdue_amount ÷ open_amount × 100.
-- column dso_simple: Days sales outstanding, simple (简单法), over three months.
-- column dso_countback: Days sales outstanding, count-back (倒推法).
-- column dso_true: Age in days of what is open, weighted by amount (实际法).
-- column bpdso: Best possible days sales outstanding, over three months.
-- column add: Average days delinquent: dso_simple − bpdso.
-- column cei: Collection effectiveness index, sales of the whole window, over three months, percent.
-- column cei_monthly: Collection effectiveness index, sales of a month, over three months, percent.
-- column days_late: Days late of what was paid in three months, weighted by amount.
-- column days_to_pay: Days from invoice to payment of what was paid in three months, weighted by amount.
-- column promise_kept_pct: Promises kept of those judged in three months, by count.
-- column promise_kept_amount_pct: Promises kept of those judged in three months, by amount.
-- column coverage_pct: Overdue accounts that were spoken to in the month through the close, percent.
-- column answer_rate_pct: Contacts that reached somebody of those tried in the month through the close, percent.
-- column task_answered_pct: Tasks in the lists of the night before that ended as done, percent; newest close only.
-- column task_coverage_pct: Overdue accounts with a task in the lists of the night, percent; newest close only.
-- column collection_rate_pct: Received in the month through the close, percent of the month's target.
-- column sales: Credit sales of the month through the close.
-- column receipts: Received in the month through the close.
-- column write_offs: Written off in the month through the close.
SELECT
    r.business_date,
    r.run_id,
    r.scope,
    r.company_id,
    r.dimension,
    r.member,
    r.currency,
    r.is_total,
    date_trunc('month', r.closed_on)::date AS month,
    r.closed_on,
    extract(DAY FROM r.closed_on + 1) = 1 AS is_month_end,
    max(r.value) FILTER (WHERE r.name = 'open_amount' AND r."window" = 'as_of')::numeric(18, 4) AS open_amount,
    max(r.value) FILTER (WHERE r.name = 'overdue_amount' AND r."window" = 'as_of')::numeric(18, 4) AS overdue_amount,
    max(r.value) FILTER (WHERE r.name = 'overdue_share_pct' AND r."window" = 'as_of')::numeric(18, 4)
        AS overdue_share_pct,
    max(r.value) FILTER (WHERE r.name = 'dso_simple' AND r."window" = 'm3')::numeric(18, 4) AS dso_simple,
    max(r.value) FILTER (WHERE r.name = 'dso_countback' AND r."window" = 'as_of')::numeric(18, 4) AS dso_countback,
    max(r.value) FILTER (WHERE r.name = 'dso_true' AND r."window" = 'as_of')::numeric(18, 4) AS dso_true,
    max(r.value) FILTER (WHERE r.name = 'bpdso' AND r."window" = 'm3')::numeric(18, 4) AS bpdso,
    max(r.value) FILTER (WHERE r.name = 'add' AND r."window" = 'm3')::numeric(18, 4) AS add,
    max(r.value) FILTER (WHERE r.name = 'cei' AND r."window" = 'm3')::numeric(18, 4) AS cei,
    max(r.value) FILTER (WHERE r.name = 'cei_monthly' AND r."window" = 'm3')::numeric(18, 4) AS cei_monthly,
    max(r.value) FILTER (WHERE r.name = 'days_late' AND r."window" = 'm3')::numeric(18, 4) AS days_late,
    max(r.value) FILTER (WHERE r.name = 'days_to_pay' AND r."window" = 'm3')::numeric(18, 4) AS days_to_pay,
    max(r.value) FILTER (WHERE r.name = 'promise_kept_pct' AND r."window" = 'm3')::numeric(18, 4) AS promise_kept_pct,
    max(r.value) FILTER (WHERE r.name = 'promise_kept_amount_pct' AND r."window" = 'm3')::numeric(18, 4)
        AS promise_kept_amount_pct,
    max(r.value) FILTER (WHERE r.name = 'coverage_pct' AND r."window" = 'mtd')::numeric(18, 4) AS coverage_pct,
    max(r.value) FILTER (WHERE r.name = 'answer_rate_pct' AND r."window" = 'mtd')::numeric(18, 4) AS answer_rate_pct,
    max(r.value) FILTER (WHERE r.name = 'task_answered_pct' AND r."window" = 'as_of')::numeric(18, 4)
        AS task_answered_pct,
    max(r.value) FILTER (WHERE r.name = 'task_coverage_pct' AND r."window" = 'as_of')::numeric(18, 4)
        AS task_coverage_pct,
    max(r.value) FILTER (WHERE r.name = 'collection_rate_pct' AND r."window" = 'mtd')::numeric(18, 4)
        AS collection_rate_pct,
    max(r.value) FILTER (WHERE r.name = 'sales' AND r."window" = 'mtd')::numeric(18, 4) AS sales,
    max(r.value) FILTER (WHERE r.name = 'receipts' AND r."window" = 'mtd')::numeric(18, 4) AS receipts,
    max(r.value) FILTER (WHERE r.name = 'write_offs' AND r."window" = 'mtd')::numeric(18, 4) AS write_offs,
    r.as_of
FROM store.published AS p
INNER JOIN store.metric AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
GROUP BY
    r.business_date, r.run_id, r.scope, r.company_id, r.dimension, r.member, r.currency, r.is_total, r.closed_on,
    r.as_of
