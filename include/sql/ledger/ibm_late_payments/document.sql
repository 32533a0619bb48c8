-- One row per invoice. The number is text: its leading zeros belong to it.
SELECT
    'IBM-SAMPLE' AS company_id,
    invoiceNumber AS document_id,
    customerID AS account_id,
    'invoice' AS kind,
    InvoiceDate AS issued_on,
    'USD' AS currency,
    InvoiceAmount AS amount,
    DueDate AS due_on,
    invoiceNumber AS number
FROM invoices
