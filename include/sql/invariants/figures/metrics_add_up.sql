-- Figures of finance add up: what all segments have, and what all reps have, is what the company has, exactly. Of an
-- amount that is the figure itself, in every currency and in the functional one; of a ratio of the ledger's money it is
-- both of its parts, in every currency: translated, each part is cut off at its last decimal by itself.
-- Not so: the sales that a count-back passes, since each scope goes back its own way; and what is counted from talks,
-- promises and targets, since a segment or rep that never had money on the ledger is not told.
WITH part AS (
    SELECT
        *,
        unit = currency AS is_amount,
        CASE WHEN unit = currency THEN value ELSE numerator END AS over,
        CASE WHEN unit <> currency AND name <> 'dso_countback' THEN denominator ELSE 0 END AS under
    FROM metric
    WHERE
        closed_on = $as_of
        AND (
            unit = currency
            OR NOT is_total AND name IN (
                'dso_simple', 'dso_countback', 'dso_true', 'bpdso', 'add', 'cei', 'overdue_share_pct', 'days_late',
                'days_to_pay'
            )
        )
),

told AS (
    SELECT
        name,
        company_id,
        currency,
        is_total,
        "window",
        BOOL_OR(is_amount OR dimension = 'segment') AS has_segments,
        BOOL_OR(is_amount OR dimension = 'rep') AS has_reps,
        SUM(CASE WHEN dimension = 'company' THEN over ELSE 0 END) AS company_over,
        SUM(CASE WHEN dimension = 'segment' THEN over ELSE 0 END) AS segments_over,
        SUM(CASE WHEN dimension = 'rep' THEN over ELSE 0 END) AS reps_over,
        SUM(CASE WHEN dimension = 'company' THEN under ELSE 0 END) AS company_under,
        SUM(CASE WHEN dimension = 'segment' THEN under ELSE 0 END) AS segments_under,
        SUM(CASE WHEN dimension = 'rep' THEN under ELSE 0 END) AS reps_under
    FROM part
    GROUP BY name, company_id, currency, is_total, "window"
)

SELECT *
FROM told
WHERE
    has_segments AND (segments_over <> company_over OR segments_under <> company_under)
    OR has_reps AND (reps_over <> company_over OR reps_under <> company_under)
