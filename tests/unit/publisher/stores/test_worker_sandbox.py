"""The sandbox takes sockets, files and memory from a process, and from all its threads."""

import json
import platform
import socket
import struct
import subprocess
import sys
import threading
import time

import pytest

from publisher.stores import worker_sandbox

PRELUDE = """
import json, os, resource, socket, subprocess, sys, threading
from publisher.stores import worker_sandbox
def refused(call, *arguments):
    try:
        call(*arguments)
    except OSError as problem:
        return problem.errno in (1, 13)
    return False
"""


def run(program, *arguments):
    """Run a program text in a fresh interpreter and return its one line of JSON."""
    child = subprocess.run(
        [sys.executable, "-c", PRELUDE + program, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    return json.loads(child.stdout)


def test_the_sandbox_is_available_on_this_machine():
    assert worker_sandbox.available()


def test_entering_reports_what_was_achieved():
    found = run(
        "import dataclasses; print(json.dumps(dataclasses.asdict(worker_sandbox.enter(1 << 29))))"
    )
    assert found == {
        "no_new_privileges": True,
        "dies_with_parent": True,
        "sockets_refused": True,
        "memory_capped": True,
        "no_files": True,
    }


def test_no_kind_of_socket_can_be_made_afterwards():
    found = run("""
worker_sandbox.enter(1 << 29)
kinds = [(f, t) for f in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK)
         for t in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW)]
print(json.dumps([refused(socket.socket, *k) for k in kinds] + [refused(socket.socketpair)]))
""")
    assert all(found)


def test_a_socket_opened_before_cannot_connect_or_send_afterwards():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        found = run(
            """
a, b = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
worker_sandbox.enter(1 << 29)
to = ("127.0.0.1", int(sys.argv[1]))
print(json.dumps([refused(a.connect, to), refused(b.sendto, b"x", to),
                  refused(b.sendmsg, [b"x"], [], 0, to), refused(a.bind, ("127.0.0.1", 0))]))
""",
            port,
        )
        assert found == [True] * 4
        listener.settimeout(0.1)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_threads_that_ran_before_and_those_started_after_are_held_too():
    found = run("""
go, seen = threading.Event(), []
def attempt():
    go.wait()
    seen.append(refused(socket.socket))
early = threading.Thread(target=attempt); early.start()
worker_sandbox.enter(1 << 29)
late = threading.Thread(target=attempt); late.start()
go.set(); early.join(); late.join()
print(json.dumps(seen))
""")
    assert found == [True, True]


def test_no_program_can_be_started_and_no_file_written_afterwards(tmp_path):
    found = run(
        """
worker_sandbox.enter(1 << 29)
out = open(sys.argv[1], "w")
try:
    out.write("x"); out.flush(); wrote = True
except OSError:
    wrote = False
print(json.dumps([refused(os.execv, sys.executable, [sys.executable]), wrote,
                  resource.getrlimit(resource.RLIMIT_CORE)[0]]))
os._exit(0) if sys.stdout.flush() is None else None
""",
        str(tmp_path / "file"),
    )
    assert found == [True, False, 0]


def test_memory_beyond_the_cap_is_a_memory_error():
    found = run("""
def fits(count):
    try:
        return len(bytearray(count)) == count
    except MemoryError:
        return False
worker_sandbox.enter(64 << 20)
coarse = [fits(256 << 20), fits(2 << 30)]
capped = worker_sandbox.cap_growth(64 << 20)
print(json.dumps([*coarse, capped, fits(16 << 20), fits(128 << 20)]))
""")
    assert found == [True, False, True, True, False]


def test_the_filter_refuses_io_uring_and_every_x32_call():
    found = run("""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
worker_sandbox.enter(1 << 29)
def call(number):
    result = libc.syscall(ctypes.c_long(number), ctypes.c_long(1), None, ctypes.c_long(0))
    return [result, ctypes.get_errno()]
x32 = [call(0x40000000 + 39)] if os.uname().machine == "x86_64" else [[-1, 1]]
print(json.dumps([call(425), call(426), call(427), *x32]))
""")
    assert found == [[-1, 1]] * 4


def test_a_worker_dies_with_the_process_that_started_it(tmp_path):
    program = """
import time
child = subprocess.Popen([sys.executable, "-c",
    "import time, os, sys; from publisher.stores import worker_sandbox;"
    "worker_sandbox.enter(1 << 29);"
    "print(1, flush=True); time.sleep(60)"], stdout=subprocess.PIPE)
child.stdout.readline()
print(json.dumps(child.pid), flush=True)
os._exit(0)
"""
    pid = run(program)
    until = time.monotonic() + 5
    while time.monotonic() < until:
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout
        if not state.strip() or state.startswith("Z"):
            return
        time.sleep(0.05)
    pytest.fail("the child outlived its parent")


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_jump_of_the_filter_stays_inside_it_and_it_ends_with_a_return(machine):
    code = worker_sandbox.filter_program(machine)
    lines = [struct.unpack_from("=HBBI", code, at) for at in range(0, len(code), 8)]
    for place, (operation, yes, no, _) in enumerate(lines):
        if operation in (0x15, 0x35):
            assert place + 1 + max(yes, no) < len(lines)
    assert lines[-1][0] == 0x06
    assert lines[-1][3] == 0x7FFF0000


@pytest.mark.parametrize(
    ("machine", "arch", "number", "expected"),
    [
        ("x86_64", 0xC000003E, 41, 0x50001),
        ("x86_64", 0xC000003E, 0, 0x7FFF0000),
        ("x86_64", 0xC000003E, 56, 0x7FFF0000),
        ("x86_64", 0xC000003E, 0x40000000, 0x50001),
        ("x86_64", 0x40000003, 41, 0x80000000),
        ("aarch64", 0xC00000B7, 198, 0x50001),
        ("aarch64", 0xC00000B7, 203, 0x50001),
        ("aarch64", 0xC00000B7, 63, 0x7FFF0000),
        ("aarch64", 0x40000028, 198, 0x80000000),
    ],
)
def test_the_filter_decides_by_architecture_and_call(machine, arch, number, expected):
    code = worker_sandbox.filter_program(machine)
    lines = [struct.unpack_from("=HBBI", code, at) for at in range(0, len(code), 8)]
    loaded, place = 0, 0
    while True:
        operation, yes, no, operand = lines[place]
        place += 1
        if operation == 0x06:
            assert operand == expected
            return
        if operation == 0x20:
            loaded = arch if operand == 4 else number
        else:
            holds = loaded == operand if operation == 0x15 else loaded >= operand
            place += yes if holds else no


def test_this_process_itself_is_not_isolated_by_the_probe():
    assert worker_sandbox.available()
    socket.socket().close()
    assert threading.active_count() >= 1
    assert platform.machine() in {"x86_64", "aarch64"}
