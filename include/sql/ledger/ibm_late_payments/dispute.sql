-- One dispute over the whole amount per invoice marked Disputed: from its due date until it was settled.
SELECT
    'IBM-SAMPLE' AS company_id,
    'D-' || invoiceNumber AS dispute_id,
    invoiceNumber AS document_id,
    DueDate AS opened_on,
    SettledDate AS resolved_on
FROM invoices
WHERE Disputed = 'Yes'
