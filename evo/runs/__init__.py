"""Run directories that survive a kill at any instant and resume bit for bit.

session        start or resume a run
loop           the generational loop
configure      a new run's configuration, from options and files
claiming       a directory for a new run; refusal of links and of other content
directory      a run's directory and its lock
checkpoint     its checkpoints
champion       loading its champion
log            its log, appended by a run and truncated when it resumes
description    reading configuration, log, run.json and result.json
record         types of the log's records and of a result
loading        a run's typed configuration, and its experiment
stop           the stop criteria
display        the display contract
precompile     compiling kernels before the first generation
batch          several seeds of one configuration
seed_list      the seeds of a batch, checked
batch_processes, batch_launcher, batch_worker   the processes of a batch's runs
listing        the runs in a folder
"""

from evo.core.callable_module import make_callable

make_callable(__name__)  # `evo.runs` is a function, too
