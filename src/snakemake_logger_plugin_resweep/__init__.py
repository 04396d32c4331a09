"""``snakemake --logger resweep``: few lines instead of Snakemake's own, warnings and errors whole.

Snakemake finds the plugin by the name of this package. What Snakemake would have printed stands in
``.snakemake/log/`` all the same.
"""

from __future__ import annotations

import logging
import sys

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

NOTHING_TO_DO = "Nothing to be done"


class LogHandler(LogHandlerBase):
    """Turn Snakemake's events into the lines of `resweep.reporting.live.screen.Screen`."""

    def __post_init__(self) -> None:
        """Prepare the screen, and what prints warnings and errors as Snakemake would."""
        from snakemake.logging import ColorizingTextHandler, DefaultFilter, DefaultFormatter

        from resweep.reporting.live.screen import Screen

        given = self.common_settings
        stream = sys.stdout if given.stdout else sys.stderr
        self._whole = ColorizingTextHandler(
            nocolor=given.nocolor,
            stream=stream,
            formatter=DefaultFormatter(given.quiet, show_failed_logs=True),
        )
        self._default = DefaultFilter(
            given.quiet, given.debug_dag, given.verbose, given.dryrun, given.printshellcmds
        )
        self._screen = Screen(stream)

    def emit(self, record: logging.LogRecord) -> None:
        """Show what a person wants to see of an event."""
        event = getattr(record, "event", None)
        if self.common_settings.dryrun or event == LogEvent.DEBUG_DAG:
            if self._default.filter(record):
                self._whole.emit(record)
        elif record.levelno >= logging.WARNING:
            self._screen.interrupt(lambda: self._whole.emit(record))
        elif event == LogEvent.JOB_INFO:
            self._screen.start(
                record.jobid, record.rule_name, record.wildcards, record.output, record.rule_msg
            )
        elif event == LogEvent.JOB_FINISHED:
            self._screen.finish(record.job_id)
        elif event is None and (
            getattr(record, "outcome", False) or str(record.msg).startswith(NOTHING_TO_DO)
        ):
            self._screen.say(str(record.msg))

    def close(self) -> None:
        """Leave the terminal tidy."""
        self._screen.close()
        super().close()

    @property
    def writes_to_stream(self) -> bool:
        """It takes the place of Snakemake's own lines."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """It does not."""
        return False

    @property
    def has_filter(self) -> bool:
        """It chooses by itself."""
        return True

    @property
    def has_formatter(self) -> bool:
        """It words by itself."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """It does not."""
        return False
