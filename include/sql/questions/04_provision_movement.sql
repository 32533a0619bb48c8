-- How did the loss allowance move this month?
-- 本月坏账准备如何变动？
SELECT
    company_id,
    currency,
    opening,
    charge,
    release,
    write_off,
    recovery,
    fx,
    closing
FROM provision_movement
WHERE business_date = $business_date AND is_total
ORDER BY company_id, currency
