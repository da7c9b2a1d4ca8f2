"""The machine, and whether it was busy with other things."""
import os
import platform
import subprocess
import time

#: runnable threads beside our own that make a row doubtful
BUSY = 0.5


def processor():
    try:
        lines = open("/proc/cpuinfo").read().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def describe():
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return {"processor": processor(), "cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version(),
            "rustc": rustc, "load": os.getloadavg(), "date": time.strftime("%Y-%m-%d")}


def is_busy(load, own):
    """Whether others worked beside `own` threads of ours, by the load average of a minute."""
    return load > own + BUSY
