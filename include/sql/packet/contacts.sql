-- People at the customer.
SELECT
    company_id,
    account_id,
    contact_id,
    role,
    name,
    email,
    phone
FROM ledger.contact
ORDER BY contact_id
