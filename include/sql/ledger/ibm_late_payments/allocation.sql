-- One allocation per receipt: the whole of it to the invoice it settled.
SELECT
    'IBM-SAMPLE' AS company_id,
    'A-' || invoiceNumber AS allocation_id,
    'receipt' AS source_kind,
    'R-' || invoiceNumber AS source_id,
    invoiceNumber AS document_id,
    InvoiceAmount AS amount,
    SettledDate AS allocated_on
FROM invoices
WHERE SettledDate IS NOT NULL
