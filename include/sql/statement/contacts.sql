-- People at the customer who have an address, the payer first: a statement goes to the first of them.
SELECT
    company_id,
    account_id,
    contact_id,
    role,
    name,
    email
FROM ledger.contact
WHERE TRIM(COALESCE(email, '')) <> ''
ORDER BY
    CASE role WHEN 'payer' THEN 1 WHEN 'acceptor' THEN 2 WHEN 'decision_maker' THEN 3 ELSE 4 END,
    contact_id
