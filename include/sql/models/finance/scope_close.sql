-- One row per scope, close and window that ends there: the ledger's balance before and after it (open less free
-- credit, as the general ledger has it), what moved it, and what was open at the close. Earlier closes than tonight
-- are told for whole companies only.
-- materialise: table
WITH balance AS (
    SELECT
        f.company_id,
        f.dimension,
        f.member,
        f.currency,
        f.is_total,
        w.closed_on,
        w."window",
        w.months,
        w.days,
        w.opening_on,
        SUM(
            CASE
                WHEN f.on_date <= w.opening_on
                    THEN f.taken_over + f.sales - f.credit_notes - f.receipts - f.write_offs
                ELSE 0
            END
        ) AS opening,
        SUM(CASE WHEN f.on_date > w.opening_on THEN f.taken_over ELSE 0 END) AS taken_over,
        SUM(CASE WHEN f.on_date > w.opening_on THEN f.sales ELSE 0 END) AS sales,
        SUM(CASE WHEN f.on_date > w.opening_on THEN f.credit_notes ELSE 0 END) AS credit_notes,
        SUM(CASE WHEN f.on_date > w.opening_on THEN f.receipts ELSE 0 END) AS receipts,
        SUM(CASE WHEN f.on_date > w.opening_on THEN f.write_offs ELSE 0 END) AS write_offs,
        SUM(f.taken_over + f.sales - f.credit_notes - f.receipts - f.write_offs) AS closing
    FROM scope_flow AS f
    INNER JOIN policy.close_window AS w
        ON f.on_date <= w.closed_on AND (f.dimension = 'company' OR w.closed_on = $as_of)
    GROUP BY
        f.company_id, f.dimension, f.member, f.currency, f.is_total, w.closed_on, w."window", w.months, w.days,
        w.opening_on
),

opened AS (
    SELECT
        company_id,
        dimension,
        member,
        currency,
        is_total,
        closed_on,
        SUM(open_amount) AS open_amount,
        SUM(CASE WHEN bucket = 'not_due' THEN open_amount ELSE 0 END) AS not_due
    FROM scope_bucket
    GROUP BY company_id, dimension, member, currency, is_total, closed_on
)

SELECT
    b.*,
    COALESCE(o.open_amount, 0) AS open_amount,
    COALESCE(o.not_due, 0) AS not_due,
    COALESCE(o.open_amount, 0) - b.closing AS free_credit
FROM balance AS b
LEFT JOIN opened AS o
    ON
        b.company_id = o.company_id
        AND b.dimension = o.dimension
        AND b.member = o.member
        AND b.currency = o.currency
        AND b.is_total = o.is_total
        AND b.closed_on = o.closed_on
