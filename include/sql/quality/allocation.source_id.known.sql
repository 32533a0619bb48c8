-- severity: critical
-- stage: 1
-- en: The source of an allocation is a receipt or credit note of that kind that was not quarantined; a write-off
--   needs none.
-- zh: 核销来源必须是同类的收款或红字单据，且该行未被隔离；核销坏账除外。
-- remedy: Deliver the missing receipt or credit note (or repair the quarantined one), or correct source_kind and
--   source_id.
SELECT
    a.file_row_number,
    a.source_row IS NOT NULL
    AND NOT (a.source_kind = 'receipt' AND a.source_row IN (SELECT r.row_number FROM left_out.receipt AS r))
    AND NOT (a.source_kind = 'credit_note' AND a.source_row IN (SELECT d.row_number FROM left_out.document AS d))
        AS is_ok
FROM facts.allocation AS a
WHERE a.source_kind <> 'write_off' AND a.names_source
