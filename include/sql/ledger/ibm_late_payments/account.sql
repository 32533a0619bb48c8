-- One row per customerID; the file has no names.
SELECT DISTINCT
    'IBM-SAMPLE' AS company_id,
    customerID AS account_id,
    'Customer ' || customerID AS name,
    'AR-DESK' AS rep_id,
    'en' AS locale
FROM invoices
