-- One receipt per invoice, in full, on the day it was settled.
SELECT
    'IBM-SAMPLE' AS company_id,
    'R-' || invoiceNumber AS receipt_id,
    customerID AS account_id,
    SettledDate AS received_on,
    'USD' AS currency,
    InvoiceAmount AS amount
FROM invoices
WHERE SettledDate IS NOT NULL
