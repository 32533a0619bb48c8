-- Days to join dates to (日期维度): business_date, as_of, closed_on, due dates. From five years before the first published
-- night, so that earlier months are in it, to the end of the year after the last.
-- column day: Calendar day: join business_date, as_of or any other date to it.
-- column year: Calendar year.
-- column quarter: Quarter of the year, 1 to 4.
-- column quarter_from: First day of the quarter.
-- column month: First day of the month.
-- column month_number: Month of the year, 1 to 12.
-- column iso_year: Year that the ISO week belongs to.
-- column iso_week: ISO 8601 week, 1 to 53.
-- column week_from: Monday of the week.
-- column weekday: Day of the week, 1 Monday to 7 Sunday.
-- column is_weekend: Saturday or Sunday; public holidays are the policy's business.
-- column is_month_end: Last day of its month.
-- column is_quarter_end: Last day of its quarter.
-- column is_year_end: Last day of its year.
-- column is_published: A night with this business date is published.
SELECT
    d.day,
    extract(YEAR FROM d.day)::integer AS year,
    extract(QUARTER FROM d.day)::integer AS quarter,
    date_trunc('quarter', d.day)::date AS quarter_from,
    date_trunc('month', d.day)::date AS month,
    extract(MONTH FROM d.day)::integer AS month_number,
    extract(ISOYEAR FROM d.day)::integer AS iso_year,
    extract(WEEK FROM d.day)::integer AS iso_week,
    date_trunc('week', d.day)::date AS week_from,
    extract(ISODOW FROM d.day)::integer AS weekday,
    extract(ISODOW FROM d.day) > 5 AS is_weekend,
    extract(DAY FROM d.day + 1) = 1 AS is_month_end,
    d.day + 1 = (date_trunc('quarter', d.day) + interval '3 months')::date AS is_quarter_end,
    extract(DOY FROM d.day + 1) = 1 AS is_year_end,
    p.business_date IS NOT NULL AS is_published
FROM (
    SELECT s.moment::date AS day
    FROM (
        SELECT
            min(business_date) AS first_date,
            max(business_date) AS last_date
        FROM store.published
    ) AS n
    CROSS JOIN LATERAL generate_series(
        date_trunc('year', n.first_date::timestamp) - interval '5 years',
        date_trunc('year', n.last_date::timestamp) + interval '2 years' - interval '1 day',
        interval '1 day'
    ) AS s (moment)
) AS d
LEFT JOIN store.published AS p ON d.day = p.business_date
