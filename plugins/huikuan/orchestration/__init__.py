"""The only room that knows Airflow: business date, connections, alerts, and an Airflow on this machine.

Its modules import nothing heavy at the top: DAG files import them while they are parsed.
"""
