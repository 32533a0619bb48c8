-- One row per person; the file names none, so there is one desk, its manager and finance.
SELECT * FROM (
    VALUES
    ('AR-DESK', 'Accounts receivable desk', 'ar-desk@example.com', 'en', 'AR-MANAGER', 'rep'),
    ('AR-MANAGER', 'Accounts receivable manager', 'ar-manager@example.com', 'en', NULL, 'manager'),
    ('AR-FINANCE', 'Finance', 'ar-finance@example.com', 'en', NULL, 'finance')
) AS people (rep_id, name, email, locale, manager_id, role)
