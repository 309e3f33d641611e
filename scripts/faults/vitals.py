"""What the servers and the database hold, to see in a long run whether it grows."""

from pathlib import Path

# The dead rows of all tables, open and given up jobs, the size in MiB, and the connections.
_DATABASE = (
    "SELECT (SELECT sum(n_dead_tup) FROM pg_stat_user_tables),"
    " (SELECT sum(n_live_tup) FROM pg_stat_user_tables), (SELECT count(*) FROM jobs),"
    " pg_database_size(current_database()) / 1048576,"
    " (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database())"
)


def vitals(servers, database):
    """A line for people."""
    told = [f"{server.name}: {_process(server.process.pid)}" for server in servers]
    dead, live, jobs, size, connections = database.sql(_DATABASE)[0].split("|")
    told.append(f"database: {dead} dead of {live} rows, {jobs} jobs, {size} MiB, "
                f"{connections} connections")
    return "; ".join(told)


def _process(pid):
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    mebibytes = int(status["VmRSS"].split()[0]) / 1024
    descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return f"{mebibytes:.1f} MiB, {descriptors} descriptors, {status['Threads'].strip()} threads"
