-- No item is open for nothing or for more than its amount; net, disputed and collectable lie within each other.
SELECT
    company_id,
    document_id,
    seq
FROM open_item
WHERE
    open_amount <= 0 OR open_amount > amount
    OR net_amount < 0 OR net_amount > open_amount
    OR disputed_amount < 0 OR disputed_amount > net_amount
    OR collectable_amount <> net_amount - disputed_amount
