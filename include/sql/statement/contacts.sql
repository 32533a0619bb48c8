-- People at the customer who have an address.
SELECT
    company_id,
    account_id,
    contact_id,
    role,
    name,
    email
FROM ledger.contact
WHERE TRIM(COALESCE(email, '')) <> ''
ORDER BY contact_id
