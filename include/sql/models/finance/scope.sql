-- One row per scope that figures are told for: its name, its parts, and the currency its amounts are stated in.
-- materialise: table
WITH pair AS (
    SELECT DISTINCT
        s.company_id,
        s.dimension,
        s.member,
        v.currency,
        v.is_total
    FROM part_flow AS f
    INNER JOIN scope_part AS s
        ON f.company_id = s.company_id AND f.segment = s.segment AND f.rep_id = s.rep_id
    INNER JOIN currency_view AS v ON f.company_id = v.company_id AND f.currency = v.from_currency
)

SELECT
    'company/' || company_id
    || CASE WHEN dimension = 'company' THEN '' ELSE '/' || dimension || '/' || member END
    || CASE WHEN is_total THEN '/total/' ELSE '/currency/' END || currency AS scope,
    company_id,
    dimension,
    member,
    currency,
    is_total
FROM pair
