"""What a learner's program may not ask the kernel for: a seccomp filter, as bubblewrap reads it (classic BPF).

Forbidden is what takes memory that no limit counts, what looks into other processes or at the mounts, and links. All
else that needs no rights of its own is left alone: a program is told "Operation not permitted" and goes on.
"""

import errno
import platform
import struct

# By architecture: what Linux calls it (AUDIT_ARCH in linux/audit.h), and the numbers of the calls (asm/unistd.h).
ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
FORBIDDEN = {
    **{"memfd_create": (319, 279), "memfd_secret": (447, 447)},  # files that are memory
    **{"shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180)},  # memory of nobody's
    **{"vmsplice": (278, 75), "io_uring_setup": (425, 425), "userfaultfd": (323, 282)},  # pages held by the kernel
    **{"add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219)},
    **{"bpf": (321, 280), "perf_event_open": (298, 241)},
    **{"ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271)},  # other processes
    **{"statmount": (457, 457), "listmount": (458, 458)},  # where the mounts come from
    **{"symlink": (88, 36), "symlinkat": (266, 36)},  # in a socket's place, a link leads whoever connects elsewhere
}
SHARED_ANONYMOUS = 0x21  # MAP_SHARED | MAP_ANONYMOUS: once its user has ended, nobody's memory
SO_SNDBUF = 7  # how much may wait in a socket
# Calls that are forbidden with an argument: which one it is, which of its bits count, and what they are then.
ARGUMENTS = {
    "mmap": ((9, 222), 3, SHARED_ANONYMOUS, SHARED_ANONYMOUS),
    "setsockopt": ((54, 208), 2, 0xFFFFFFFF, SO_SNDBUF),
}
LOAD, AND, EQUAL, AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x35, 0x06  # linux/bpf_common.h
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # where they stand in struct seccomp_data
ALLOW, KILL, DENY = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
X32 = 0x40000000  # a second set of numbers for the same calls, on x86_64


def do(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """One instruction; how many of the next are skipped if a comparison holds, and if not."""
    return struct.pack("HBBI", code, yes, no, value)


def program() -> bytes:
    """The filter for this machine; empty, which is no filter, for an architecture that is not known here."""
    if platform.machine() not in ARCHITECTURES:
        return b""
    name, column = ARCHITECTURES[platform.machine()]
    deny = do(RETURN, DENY)
    lines = [do(LOAD, ARCHITECTURE), do(EQUAL, name, yes=1), do(RETURN, KILL)]
    lines += [do(LOAD, NUMBER), do(AT_LEAST, X32, no=1), deny]
    for numbers in FORBIDDEN.values():
        lines += [do(EQUAL, numbers[column], no=1), deny]
    for numbers, argument, bits, value in ARGUMENTS.values():
        lines += [do(LOAD, NUMBER), do(EQUAL, numbers[column], no=4), do(LOAD, FIRST_ARGUMENT + 8 * argument)]
        lines += [do(AND, bits), do(EQUAL, value, no=1), deny]
    return b"".join([*lines, do(RETURN, ALLOW)])
