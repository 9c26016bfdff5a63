"""What can go wrong with workers and clusters (DT66x)."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

WORKER_DIED = Code(
    "DT660",
    "worker-died",
    Severity.ERROR,
    message="the process that worked on {what} died, twice",
    suggestion="check it by itself with more memory; if it dies again, report it with these files",
    source="dtovl itself",
    explanation="""\
Each base is worked on by one of several processes, and before that source is read by them to tell
what goes with what. The one that had this file died: as a rule the system ended it because memory
ran out. It was tried once more, alone on the machine, and died again. Cases of this base have no
verdict; all others are as if nothing had happened.

    dtovl check -j 8                                 eight processes share the memory
    dtovl check -j 2                                 two have more of it each

A file that does this on a machine with free memory shows a defect of dtovl, whatever is in it.""",
)

DISTRIBUTED_MISSING = Code(
    "DT661",
    "distributed-missing",
    Severity.ERROR,
    message="--engine {engine} needs the Python package distributed: {what}",
    suggestion="pip install 'dtovl[dask]'",
    source="Dask, package distributed",
    explanation="""\
Work is given to a Dask cluster through Dask's own client, which dtovl does not bring along, as most
checks fit on one machine. It has to be installed where dtovl is called and on every worker.

    pip install dtovl; dtovl check --engine dask://ci-head:8786
    pip install 'dtovl[dask]'; dtovl check --engine dask://ci-head:8786""",
)

CLUSTER_UNREACHABLE = Code(
    "DT662",
    "cluster-unreachable",
    Severity.ERROR,
    message="no Dask scheduler answers at {address}: {what}",
    suggestion="see whether `dask scheduler` runs there, and on this port (8786 if none was given)",
    source="Dask, distributed.Client",
    explanation="""\
The address of --engine is that of the scheduler, not of a worker or of the dashboard, and has to be
reached from where dtovl is called. Nothing was checked.

    dtovl check --engine dask://ci-head:8787         the port of the dashboard
    dtovl check --engine dask://ci-head:8786         the port that `dask scheduler` names

dask:// is plain TCP, for a network in which all are trusted. dask+tls:// is TLS, with the keys that
Dask's own configuration names (distributed.comm.tls).""",
)

UNKNOWN_ENGINE = Code(
    "DT663",
    "unknown-engine",
    Severity.ERROR,
    message="there is no engine {engine}",
    suggestion="use dask://HOST:PORT, or dask+tls://HOST:PORT; without --engine all is done here",
    source="dtovl itself",
    explanation="""\
An engine is where the work is done: by processes of this machine, or by a Dask cluster, which is
named by the address of its scheduler.

    dtovl check --engine ci-head
    dtovl check --engine dask://ci-head:8786
    dtovl check --engine dask://[fd00::7]:8786""",
)

WORKER_VERSION = Code(
    "DT664",
    "worker-version",
    Severity.ERROR,
    message="the worker {worker} has dtovl {theirs}, here it is {ours}",
    suggestion="install dtovl {ours} on every worker, and start the workers anew",
    source="dtovl itself",
    explanation="""\
Workers of a cluster run the dtovl that is installed with them. Another version may say other things
of the same files, and the report would be of two minds; so nothing was checked.

    pip install dtovl==1.1 on the workers, dtovl 1.2 where it is called
    pip install dtovl==1.2 on both""",
)

WORKER_WITHOUT_DTOVL = Code(
    "DT665",
    "worker-without-dtovl",
    Severity.ERROR,
    message="the worker {worker} has no dtovl: {what}",
    suggestion="install dtovl {ours} in the environment that `dask worker` is started from",
    source="dtovl itself",
    explanation="""\
Workers of a cluster run the dtovl that is installed with them; the files to check are sent to them,
the program is not. Nothing was checked.

    pip install distributed; dask worker ci-head:8786
    pip install 'dtovl[dask]'; dask worker ci-head:8786""",
)

NO_WORKERS = Code(
    "DT666",
    "cluster-without-workers",
    Severity.ERROR,
    message="the cluster at {address} has no workers",
    suggestion="start some: `dask worker {scheduler}`",
    source="Dask, distributed.Client",
    explanation="""\
A scheduler hands work out; without workers nothing would ever be done. dtovl waited a while for
the first one to come, and then gave up. Nothing was checked.

    dask scheduler
    dask scheduler; dask worker ci-head:8786         on each machine that is to take part""",
)

CLUSTER_FELL_SHORT = Code(
    "DT667",
    "cluster-fell-short",
    Severity.WARNING,
    message="{count} checked on this machine, not on the cluster: {what}",
    suggestion="see what the workers print, and how much memory they have",
    source="dtovl itself",
    explanation="""\
Nothing is lost when workers or the scheduler of a cluster go: what has no result then is checked
where dtovl was called, by processes of its own. It is done here, too, when a base kills one worker
after the other, and when a source includes files by a name that only macros tell. The report is the
same, but it takes longer, so this is said.

    dask worker ci-head:8786 --memory-limit 256MB    ended by its nanny with each large board
    dask worker ci-head:8786 --memory-limit 2GB""",
)

BAD_SHARD = Code(
    "DT668",
    "bad-shard",
    Severity.ERROR,
    message="{shard} is no shard",
    suggestion="write I/N: the I-th of N parts, counted from 1, as in --shard 2/5",
    source="dtovl itself",
    explanation="""\
With --shard the cases are divided among the jobs of a CI, each of which checks its part and writes
it down; `dtovl check --merge` makes the whole of all parts.

    dtovl check --shard 0/4                          parts are counted from 1
    dtovl check --shard 4/4 --format json -o part4.json""",
)
