-- One row per person; the file names none, so there is one desk, its manager and finance.
SELECT
    person.rep_id,
    person.name,
    person.email,
    'en' AS locale,
    person.manager_id,
    person.role
FROM (
    VALUES
    ('AR-DESK', 'Accounts receivable desk', 'ar-desk@example.com', 'AR-MANAGER', 'rep'),
    ('AR-MANAGER', 'Accounts receivable manager', 'ar-manager@example.com', NULL, 'manager'),
    ('AR-FINANCE', 'Finance', 'ar-finance@example.com', NULL, 'finance')
) AS person (rep_id, name, email, manager_id, role)
