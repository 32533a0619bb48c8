# One image for every Airflow service. Not apache/airflow: that image brings an environment of its own, while this one is
# exactly requirements.txt, hash by hash: what the tests ran with.
FROM python:3.11.14-slim-bookworm

ENV AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False \
    GX_ANALYTICS_ENABLED=False \
    HUIKUAN_HOME=/opt/airflow/.home \
    PIP_NO_CACHE_DIR=1 \
    PYTHONPATH=/opt/airflow/plugins \
    PYTHONUNBUFFERED=1

# Legal packets are printed in this typeface.
RUN apt-get update && apt-get install -y --no-install-recommends fonts-noto-cjk && rm -rf /var/lib/apt/lists/*

COPY requirements.txt /tmp/requirements.txt
RUN pip install --require-hashes --requirement /tmp/requirements.txt && rm /tmp/requirements.txt

# The folders are made here so that the volumes mounted on them belong to the user too.
RUN useradd --uid 50000 --no-create-home --home-dir /opt/airflow --shell /usr/sbin/nologin airflow \
    && install -d -o airflow -g airflow /opt/airflow /opt/airflow/.home /opt/airflow/logs /certificates

WORKDIR /opt/airflow
COPY plugins plugins
COPY dags dags
COPY include include
COPY docs docs

USER airflow
CMD ["airflow", "version"]
