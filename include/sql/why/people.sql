-- Names of people, by rep_id.
SELECT
    rep_id,
    name
FROM ledger.rep
ORDER BY rep_id
