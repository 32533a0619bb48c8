-- One to three people per customer: who pays is always there, though not always with a number.
WITH seat AS (
    SELECT
        n,
        UNNEST(RANGE(1, 2 + CAST(FLOOR(U(n, 'people') * 2.6) AS INTEGER))) AS no
    FROM customer
),

person AS (
    SELECT
        *,
        n * 10 + no AS p,
        ['payer', 'decision_maker', 'acceptor', 'other'][no] AS role
    FROM seat
)

SELECT
    customer.company_id,
    SUBSTR(customer.account_id, 2) || '-K' || no AS contact_id,
    customer.account_id,
    person.role,
    CASE
        WHEN person.no = 1 AND customer.payer_name IS NOT NULL THEN customer.payer_name
        WHEN customer.locale = 'zh_CN'
            THEN PART(PICK(FAMILY_NAMES(), U(p, 'family')), 1) || PART(PICK(GIVEN_NAMES(), U(p, 'given')), 1)
        ELSE PICK(FIRST_NAMES(), U(p, 'first')) || ' ' || PICK(LAST_NAMES(), U(p, 'last'))
    END AS name,
    CASE
        WHEN U(p, 'email') < 0.85 OR customer.is_character
            THEN ['ap', 'director', 'warehouse', 'office'][no] || '@' || LOWER(customer.account_id) || '.example'
    END AS email,
    CASE
        WHEN U(p, 'phone') > 0.92 AND NOT customer.is_character THEN NULL
        WHEN customer.locale = 'zh_CN'
            THEN '+86 100 0000 ' || LPAD(CAST(WHOLE(0, 9999, U(p, 'dial')) AS VARCHAR), 4, '0')
        ELSE '+44 7700 900' || LPAD(CAST(WHOLE(0, 999, U(p, 'dial')) AS VARCHAR), 3, '0')
    END AS phone,
    CASE
        WHEN customer.is_character THEN IF(no = 1, customer.habits, NULL)
        WHEN U(p, 'habits') < 0.4 AND customer.locale = 'zh_CN'
            THEN PICK(['上午十点前最好找', '下午三点后在座位', '先发微信再打电话', '周一例会，不接电话', '月底关账，勿扰'], U(p, 'habit'))
        WHEN U(p, 'habits') < 0.4
            THEN PICK(
                ['Before ten', 'After three', 'Mail, then call', 'Not on Mondays', 'Busy at month end'], U(p, 'habit')
            )
    END AS habits
FROM person
INNER JOIN customer ON person.n = customer.n
