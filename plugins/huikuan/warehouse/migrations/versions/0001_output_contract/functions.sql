-- What the loader may do, and nothing else: these functions run with the owner's rights, look names up nowhere but in
-- pg_catalog, take table names from one fixed list, and refuse a token that is no longer the publish step's.

CREATE FUNCTION store.result_tables() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$
    SELECT ARRAY[
        'open_item', 'account_balance', 'account_status', 'decision_reason', 'account_flag', 'task',
        'promise_status', 'aging_summary', 'data_quality', 'quarantine'
    ]
$$;
COMMENT ON FUNCTION store.result_tables() IS 'Partitioned tables that a run fills, in the order of publication.';

CREATE FUNCTION store.check_token(p_business_date date, p_token bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
    PERFORM FROM store.run_step
    WHERE business_date = p_business_date AND step = 'publish' AND token = p_token AND state = 'running'
    FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'publish of % is no longer held with token %', p_business_date, p_token
            USING ERRCODE = 'HK001';
    END IF;
END
$$;
COMMENT ON FUNCTION store.check_token(date, bigint) IS
'Raises HK001 unless this token holds the publish step; keeps anyone from taking it until the transaction ends.';

CREATE FUNCTION store.partition_name(p_table text, p_business_date date, p_token bigint) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog
AS $$
BEGIN
    IF p_table IS NULL OR p_table <> ALL (store.result_tables()) THEN
        RAISE EXCEPTION 'no result table is called %', p_table USING ERRCODE = 'HK002';
    END IF;
    RETURN format('%s__%s_%s', p_table, to_char(p_business_date, 'YYYYMMDD'), p_token);
END
$$;
COMMENT ON FUNCTION store.partition_name(text, date, bigint) IS
'Name of the partition that one attempt fills: table, business date, token.';

CREATE FUNCTION store.new_partitions(p_business_date date, p_run_id text, p_token bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_table text;
    v_stale text;
    v_name text;
BEGIN
    PERFORM store.check_token(p_business_date, p_token);
    FOR v_stale IN
        SELECT c.relname FROM pg_class AS c
        WHERE c.relnamespace = 'loading'::regnamespace AND c.relkind = 'r'
            AND c.relname ~ format('^[a-z_]+__%s_[0-9]+$', to_char(p_business_date, 'YYYYMMDD'))
    LOOP
        EXECUTE format('DROP TABLE loading.%I', v_stale);
    END LOOP;
    FOREACH v_table IN ARRAY store.result_tables() LOOP
        v_name := store.partition_name(v_table, p_business_date, p_token);
        EXECUTE format(
            'CREATE TABLE loading.%1$I (LIKE store.%2$I INCLUDING DEFAULTS INCLUDING CONSTRAINTS,'
            ' CONSTRAINT %3$I CHECK (business_date = %4$L AND run_id = %5$L))',
            v_name, v_table, v_name || '_run', p_business_date, p_run_id
        );
        EXECUTE format('GRANT INSERT ON loading.%I TO huikuan_loader', v_name);
    END LOOP;
END
$$;
COMMENT ON FUNCTION store.new_partitions(date, text, bigint) IS
'Drops what earlier attempts at this date left behind and makes one empty table per result, open for inserts. Its
check says which rows belong, so that attaching it later needs no look at them.';

CREATE FUNCTION store.seal_partition(p_table text, p_business_date date, p_token bigint, p_rows bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET maintenance_work_mem = '512MB'
AS $$
DECLARE
    v_name text := store.partition_name(p_table, p_business_date, p_token);
    v_key text;
    v_rows bigint;
BEGIN
    PERFORM store.check_token(p_business_date, p_token);
    EXECUTE format('REVOKE INSERT ON loading.%I FROM huikuan_loader', v_name);
    EXECUTE format('SELECT count(*) FROM loading.%I', v_name) INTO v_rows;
    IF v_rows <> p_rows THEN
        RAISE EXCEPTION '% rows of % were sent, % arrived', p_rows, p_table, v_rows USING ERRCODE = 'HK003';
    END IF;
    SELECT pg_get_constraintdef(oid) INTO STRICT v_key
    FROM pg_constraint WHERE conrelid = format('store.%I', p_table)::regclass AND contype = 'p';
    EXECUTE format('ALTER TABLE loading.%I ADD %s', v_name, v_key);
    EXECUTE format('ANALYZE loading.%I', v_name);
END
$$;
COMMENT ON FUNCTION store.seal_partition(text, date, bigint, bigint) IS
'Closes a loaded table: no more inserts, rows counted, primary key built in one go, statistics taken.';

CREATE FUNCTION store.insert_run(p_run jsonb) RETURNS void
LANGUAGE sql SET search_path = pg_catalog
AS $$
    INSERT INTO store.run
    SELECT r.*
    FROM jsonb_populate_record(NULL::store.run, p_run || jsonb_build_object('published_at', now())) AS r
$$;
COMMENT ON FUNCTION store.insert_run(jsonb) IS 'Adds the record of a run, with the time of the database.';

CREATE FUNCTION store.attach_run(p_run jsonb, p_token bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_date date := p_run ->> 'business_date';
    v_run text := p_run ->> 'run_id';
    v_table text;
    v_name text;
BEGIN
    PERFORM store.check_token(v_date, p_token);
    IF NOT EXISTS (
        SELECT FROM store.run WHERE run_id = v_run AND business_date = v_date AND status = 'published'
    ) THEN
        FOREACH v_table IN ARRAY store.result_tables() LOOP
            v_name := store.partition_name(v_table, v_date, p_token);
            EXECUTE format('ALTER TABLE loading.%I SET SCHEMA store', v_name);
            EXECUTE format(
                'ALTER TABLE store.%I ATTACH PARTITION store.%I FOR VALUES FROM (%L, %L) TO (%L, %L)',
                v_table, v_name, v_date, v_run, v_date, v_run || chr(1)
            );
        END LOOP;
        PERFORM store.insert_run(p_run);
        EXECUTE format(
            'INSERT INTO store.run_company (company_id, business_date, run_id)'
            ' SELECT DISTINCT company_id, business_date, run_id FROM store.%I',
            store.partition_name('account_status', v_date, p_token)
        );
        EXECUTE format(
            'INSERT INTO store.supply_hold (run_id, company_id, account_id, since, reason)'
            ' SELECT run_id, company_id, account_id, since, reason FROM store.%I'
            ' WHERE flag = ''stop_supply'' AND state = ''active''',
            store.partition_name('account_flag', v_date, p_token)
        );
    END IF;
END
$$;
COMMENT ON FUNCTION store.attach_run(jsonb, bigint) IS
'Attaches the sealed tables of this token and records the run, unless it is in already. No reader sees it yet.';

CREATE FUNCTION store.show_run(p_business_date date, p_run_id text, p_token bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM store.check_token(p_business_date, p_token);
    IF NOT EXISTS (
        SELECT FROM store.run
        WHERE run_id = p_run_id AND business_date = p_business_date AND status = 'published'
    ) THEN
        RAISE EXCEPTION 'run % of % is not attached', p_run_id, p_business_date USING ERRCODE = 'HK002';
    END IF;
    INSERT INTO store.published (business_date, run_id) VALUES (p_business_date, p_run_id)
    ON CONFLICT (business_date) DO UPDATE SET run_id = excluded.run_id;
END
$$;
COMMENT ON FUNCTION store.show_run(date, text, bigint) IS
'Moves the pointer of the business date to an attached run: from the commit on, readers see it.';

CREATE FUNCTION store.record_stopped(p_run jsonb, p_token bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM store.check_token((p_run ->> 'business_date')::date, p_token);
    IF p_run ->> 'status' IS DISTINCT FROM 'stopped' THEN
        RAISE EXCEPTION 'run % was not stopped', p_run ->> 'run_id' USING ERRCODE = 'HK002';
    END IF;
    IF NOT EXISTS (SELECT FROM store.run WHERE run_id = p_run ->> 'run_id') THEN
        PERFORM store.insert_run(p_run);
    END IF;
END
$$;
COMMENT ON FUNCTION store.record_stopped(jsonb, bigint) IS
'Adds the record of a run that the gate stopped; the pointer stays where it is.';
