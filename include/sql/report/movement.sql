SELECT
    month,
    opening,
    charge,
    release,
    write_off,
    recovery,
    fx,
    closing
FROM night.provision_movement
WHERE company_id = $company AND is_total
