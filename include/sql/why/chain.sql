-- How far the notices have come.
SELECT
    place,
    notice,
    delivered_on,
    evidence,
    next_notice,
    next_on
FROM notice_chain
