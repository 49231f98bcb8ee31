"""Give up, in this process and for ever, whatever a query worker does not need.

Purpose: the last fence when the guard has a gap. No sockets (seccomp filter, no privilege
needed), no new programs, no files written, no core dump, a memory cap, death with the parent.
Errors: `enter` never raises for a missing feature; it reports what was achieved, and the caller
decides (a public bind is refused without network isolation).
Source: Linux Documentation/userspace-api/seccomp_filter.rst; prctl(2), seccomp(2), setrlimit(2);
numbers from the kernel's syscall tables of x86_64 and of the generic table (aarch64).
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import socket
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# Opening a store starts threads whose stacks and heaps reserve address space they never touch.
ADDRESS_SPACE_HEADROOM: Final = 1024 * 1024 * 1024

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_SECCOMP: Final = 22
_PR_SET_NO_NEW_PRIVS: Final = 38
_SECCOMP_SET_MODE_FILTER: Final = 1
_SECCOMP_FILTER_FLAG_TSYNC: Final = 1
_SECCOMP_MODE_FILTER: Final = 2

_RET_KILL_PROCESS: Final = 0x80000000
_RET_ERRNO: Final = 0x00050000
_RET_ALLOW: Final = 0x7FFF0000
_LOAD_WORD: Final = 0x20
_JUMP_EQUAL: Final = 0x15
_JUMP_AT_LEAST: Final = 0x35
_RETURN: Final = 0x06
_X32_BIT: Final = 0x40000000

# socket socketpair bind listen accept connect sendto recvfrom sendmsg recvmsg accept4 recvmmsg
# sendmmsg; io_uring setup, enter, register (opens sockets without the calls above); ptrace,
# process_vm_readv/writev, pidfd_getfd (would borrow another process's sockets); execve, execveat;
# bpf, setns, unshare. A socketpair reaches nobody, but nothing here needs one.
_REFUSED: Final = {
    "x86_64": (
        *(41, 53, 49, 50, 43, 42, 44, 45, 46, 47, 288, 299, 307),
        *(425, 426, 427, 101, 310, 311, 438, 59, 322, 321, 308, 272),
    ),
    "aarch64": (
        *(198, 199, 200, 201, 202, 203, 206, 207, 211, 212, 242, 243, 269),
        *(425, 426, 427, 117, 270, 271, 438, 221, 281, 280, 268, 97),
    ),
}
_AUDIT_ARCH: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SECCOMP_CALL: Final = {"x86_64": 317, "aarch64": 277}


@dataclass(frozen=True, slots=True)
class Isolation:
    """The limits in force in this process; each was tested, not assumed."""

    no_new_privileges: bool
    dies_with_parent: bool
    sockets_refused: bool
    memory_capped: bool
    no_files: bool


class _Program(ctypes.Structure):
    """struct sock_fprog: how many instructions, and where they stand."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def enter(memory_bytes: int) -> Isolation:
    """Isolate the calling process, all its threads included; there is no way back.

    The memory cap set here is coarse (address space, with headroom); see `cap_growth`.

    PR_SET_PDEATHSIG fires when the *thread* that started this process ends, so start workers from
    a thread that lives as long as the pool.
    Errors: none; a feature the kernel does not offer is False in the result.
    """
    library = ctypes.CDLL(None, use_errno=True)
    dies = _prctl(library, _PR_SET_PDEATHSIG, signal.SIGKILL)
    privileges = _prctl(library, _PR_SET_NO_NEW_PRIVS, 1)
    memory = _limit(resource.RLIMIT_AS, memory_bytes + ADDRESS_SPACE_HEADROOM)
    files = _limit(resource.RLIMIT_CORE, 0)
    files = _limit(resource.RLIMIT_FSIZE, 0) and files
    if privileges:
        _install_filter(library)
    return Isolation(privileges, dies, _sockets_are_refused(), memory, files)


def cap_growth(memory_bytes: int) -> bool:
    """Allow this process `memory_bytes` of private memory beyond what it has now.

    Call it once the store is open: its threads' stacks count as data, though never touched, and
    their number depends on the machine. Errors: none; False when the limit cannot be set.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    held = next(line for line in status.splitlines() if line.startswith("VmData:"))
    return _limit(resource.RLIMIT_DATA, int(held.split()[1]) * 1024 + memory_bytes)


def available() -> bool:
    """Whether a worker on this host would have its sockets refused; asks a child process."""
    root = str(Path(__file__).resolve().parents[2])
    try:
        child = subprocess.run(
            [sys.executable, "-P", "-B", "-m", "publisher.stores.worker_sandbox"],
            env={"PYTHONPATH": root},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return child.returncode == 0


def filter_program(machine: str) -> bytes:
    """Build the BPF program for a machine (`x86_64`, `aarch64`); KeyError for any other.

    Another architecture's calls (32-bit entry points) end the process; x32 calls and the refused
    ones answer EPERM; everything else passes.
    """
    refused = _REFUSED[machine]
    refuse = struct.pack("=HBBI", _RETURN, 0, 0, _RET_ERRNO | errno.EPERM)
    lines = [
        struct.pack("=HBBI", _LOAD_WORD, 0, 0, 4),  # seccomp_data.arch
        struct.pack("=HBBI", _JUMP_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        struct.pack("=HBBI", _RETURN, 0, 0, _RET_KILL_PROCESS),
        struct.pack("=HBBI", _LOAD_WORD, 0, 0, 0),  # seccomp_data.nr
        struct.pack("=HBBI", _JUMP_AT_LEAST, 0, 1, _X32_BIT),
        refuse,
    ]
    for number in refused:
        lines += [struct.pack("=HBBI", _JUMP_EQUAL, 0, 1, number), refuse]
    lines.append(struct.pack("=HBBI", _RETURN, 0, 0, _RET_ALLOW))
    return b"".join(lines)


def _prctl(library: ctypes.CDLL, option: int, value: int) -> bool:
    arguments = [ctypes.c_ulong(number) for number in (value, 0, 0, 0)]
    return bool(library.prctl(ctypes.c_int(option), *arguments) == 0)


def _limit(what: int, value: int) -> bool:
    """Lower a limit, never beyond the hard one; say whether it holds."""
    _, hard = resource.getrlimit(what)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    try:
        resource.setrlimit(what, (value, value))
    except (OSError, ValueError):
        return False
    return True


def _install_filter(library: ctypes.CDLL) -> None:
    """Install the filter on every thread; on kernels without the call, on this one."""
    machine = platform.machine()
    if machine not in _REFUSED or sys.maxsize <= 2**32:
        return
    code = filter_program(machine)
    program = _Program(len(code) // 8, code)
    arguments = (
        ctypes.c_long(_SECCOMP_CALL[machine]),
        ctypes.c_ulong(_SECCOMP_SET_MODE_FILTER),
        ctypes.c_ulong(_SECCOMP_FILTER_FLAG_TSYNC),
        ctypes.byref(program),
    )
    if library.syscall(*arguments) != 0 and ctypes.get_errno() in (errno.ENOSYS, errno.EINVAL):
        mode = ctypes.c_ulong(_SECCOMP_MODE_FILTER)
        library.prctl(ctypes.c_int(_PR_SET_SECCOMP), mode, ctypes.byref(program), 0, 0)


def _sockets_are_refused() -> bool:
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
        try:
            socket.socket(family, socket.SOCK_STREAM).close()
        except PermissionError:
            continue
        except OSError as problem:
            if problem.errno == errno.EAFNOSUPPORT:
                continue
            return False
        return False
    return True


if __name__ == "__main__":
    # os._exit: after `enter` nothing may be written, so no clean-up is worth the attempt.
    os._exit(0 if enter(512 * 1024 * 1024).sockets_refused else 1)
