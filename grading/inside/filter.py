"""A filter for system calls that nothing in a box may make; the Linux kernel enforces it.

Namespaces give a box its own network, processes and folders. This filter refuses access to what
boxes still share: keyrings, watches and locks on files that all boxes read, and sockets of other
families. It also refuses calls that create new namespaces, or memory that is not counted. The
filter is a program for the kernel's seccomp. It is written in plain Python, so that nothing beyond
pip is needed; tests compare its numbers with libseccomp's.

`program` returns the filter's bytes. bubblewrap applies them to a box and to its first process;
`install` applies the same filter to this process, if it was not started by bubblewrap.
This module imports only the standard library.
"""

import ctypes
import errno
import os
import platform
import struct

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 38, 22
SECCOMP_MODE_FILTER = 2
ALLOW, ERROR, KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
# Positions in the kernel's `struct seccomp_data`: the call's number, the machine, and the low half
# of the first argument. For the arguments checked here, the kernel itself reads only that half.
NUMBER_OFFSET, MACHINE_OFFSET, ARGUMENTS_OFFSET = 0, 4, 16
# Instructions of the filter's language: load a word, compare it (equal, at least), test some of its
# bits, keep some of its bits, return.
LOAD, EQUAL, AT_LEAST, ANY_BIT, AND, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""The kernel's id for each kind of processor whose numbers are listed below."""
NEWEST = 462
"""The newest system call that this filter knows (mseal). For a box, later calls do not exist, until
somebody has checked them. The same holds for the call numbers of x86's other interfaces, which are
all higher."""

# By name, the number on x86_64 and on aarch64; from 424 on, numbers are the same everywhere.
KEYCTL = (250, 219)
REFUSED = {
    # Keyrings belong to a user and to a session, not to a namespace.
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": KEYCTL,
    # By watching a file that all boxes can read, one box learns when another one opens it.
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "inotify_add_watch": (254, 27),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    # The same is possible by asking which parts of such a file are in memory.
    "mincore": (27, 232),
    # Memory that belongs to no process and is in no folder with a size limit.
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "memfd_secret": (447, 447),
    # New namespaces, mounts and roots.
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "statmount": (457, 457),
    "listmount": (458, 458),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    # Another process's memory and files: the relay and the box's first process run as the same
    # user as the student's code.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    # Parts of the kernel that no lesson needs, and in which many security bugs were found.
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "bpf": (321, 280),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "acct": (163, 89),
    "reboot": (169, 142),
    "syslog": (103, 116),
    "lookup_dcookie": (212, 18),
    "iopl": (172, None),
    "ioperm": (173, None),
}
# These calls fail as if the kernel were too old to have them, so that programs use other calls.
ABSENT = {
    "clone3": (435, 435),  # a filter cannot read its flags, which are in memory; libc uses clone
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_setup": (206, 0),  # all boxes share one limit on their number
    "memfd_create": (319, 279),
    "cachestat": (451, 451),
    "preadv2": (327, 286),  # can tell whether a part of a file is in memory
    # Anyone who can read a file can lock it and see that it is locked. `filelock` works without it.
    "flock": (73, 32),
}
# By name, the numbers, and the position of the argument with the times. Anyone who may write to a
# file may set its times to now, and all boxes can see the times of /dev/null. A null pointer means
# "now": such a call is refused, since `pathlib` then creates the file in another way. A call with
# given times returns as if it had worked, but sets nothing: programs that copy files make it.
SETTING_TIMES = {
    "utime": ((132, None), 1),
    "utimes": ((235, None), 1),
    "futimesat": ((261, None), 2),
    "utimensat": ((280, 88), 2),
}
JOIN_SESSION_KEYRING = 1
FCNTL, CLONE, IOCTL, PERSONALITY = (72, 25), (56, 220), (16, 29), (135, 92)
SOCKET, SOCKETPAIR, ADVISE, ADVISE_FILE = (41, 198), (53, 199), (28, 233), (221, 223)
# AF_UNIX, AF_INET and AF_INET6 reach only the box's own network namespace, whose only interface is
# its own loopback; lessons start servers there.
FAMILIES = (1, 2, 10)
# Lists the interfaces of that namespace; libc and ZeroMQ need it. Of AF_NETLINK, only NETLINK_ROUTE
# is allowed.
AF_NETLINK, NETLINK_ROUTE = 16, 0
# What `fcntl` may do: commands about this process's own descriptor, signal, pipe or memory. For a
# box, no others exist. Most of the others tell what other processes do with a file, or attach
# something to it that other processes can read, even if nobody may write to the file: F_GETLK,
# F_SETLEASE, F_NOTIFY, F_SETDELEG, and hints such as F_SET_RW_HINT, for which it is enough to own
# the file. F_SETPIPE_SZ uses memory that is not counted.
OWN_COMMANDS = (
    *(0, 1, 2, 3, 4),  # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL
    *(8, 9, 10, 11, 15, 16, 17),  # F_SETOWN, F_GETOWN, F_SETSIG, F_GETSIG and their newer forms
    *(1027, 1028, 1030),  # F_DUPFD_QUERY, F_CREATED_QUERY, F_DUPFD_CLOEXEC
    *(1032, 1033, 1034),  # F_GETPIPE_SZ, F_ADD_SEALS, F_GET_SEALS
)
# F_SETLK, F_SETLKW, F_OFD_SETLK and F_OFD_SETLKW return as if they had worked, but lock nothing:
# SQLite needs them, and a box has only one student.
LOCKING_COMMANDS = (6, 7, 37, 38)
TERMINAL_COMMANDS = (0x5412, 0x541C)  # TIOCSTI and TIOCLINUX can fake typing in a terminal
# The families of `ioctl` commands that exist in a box, by the letter in their second byte: those
# for terminals and descriptors in general ("T"), and those for sockets. File systems have others,
# which change and reveal what the kernel stores about a file, even if nobody may write to it.
LETTER_OF_A_COMMAND = 0xFF00
LETTERS = (0x5400, 0x8900)
# CLONE_NEWNS, and from _NEWCGROUP to _NEWNET; `clone` has no flag for a namespace of times.
NEW_NAMESPACES = 0x20000 | 0x2000000 | 0x4000000 | 0x8000000 | 0x10000000 | 0x60000000
PERSONALITIES = (0, 0xFFFFFFFF)  # the default, and the question which one is set
# MADV_COLD and MADV_PAGEOUT remove a file from memory. MADV_COLLAPSE changes how it is stored there
# for all processes.
FORGETTING_ADVICE = (20, 21, 25)
POSIX_FADV_DONTNEED = 4

Instruction = tuple[int, int, int, int]
"""Code, how many instructions to skip if true, how many to skip if false, and the operand."""


def program(machine: str = "") -> bytes:
    """Return the filter for a kind of processor; without a name, for this machine's.

    Raises
    ------
    OSError
        If the numbers of its system calls are not known here.
    """
    machine = machine or platform.machine()
    if machine not in MACHINES:
        raise OSError(
            errno.ENOSYS,
            f"no list of system calls is known for {machine} processors, "
            f"only for {' and '.join(MACHINES)}: grade on such a machine",
        )
    place = list(MACHINES).index(machine)
    lines = [
        (LOAD, 0, 0, MACHINE_OFFSET),
        (EQUAL, 1, 0, MACHINES[machine]),
        (RETURN, 0, 0, KILL_PROCESS),
        (LOAD, 0, 0, NUMBER_OFFSET),
        (AT_LEAST, 0, 1, NEWEST + 1),
        _failing(errno.ENOSYS),
    ]
    for names, error in ((REFUSED, errno.EPERM), (ABSENT, errno.ENOSYS)):
        for numbers in names.values():
            lines += _rule(numbers[place], [_failing(error)])
    for numbers, block in _by_argument():
        lines += _rule(numbers[place], block)
    lines.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("HBBI", *line) for line in lines)


def install() -> None:
    """Filter this process and all that it starts; this cannot be undone.

    Raises
    ------
    OSError
        If the kernel refuses.
    """
    code = program()
    libc = ctypes.CDLL(None, use_errno=True)
    kept = ctypes.create_string_buffer(code, len(code))
    # The kernel's `struct sock_fprog`: the number of instructions of 8 bytes, and their address.
    given = ctypes.create_string_buffer(struct.pack("HP", len(code) // 8, ctypes.addressof(kept)))
    for option, *values in (
        (PR_SET_NO_NEW_PRIVS, 1, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(given)),
    ):
        words = [ctypes.c_ulong(value) for value in (*values, 0, 0)]
        if libc.prctl(option, *words):
            error = ctypes.get_errno()
            raise OSError(error, f"system calls could not be filtered: {os.strerror(error)}")


def join_empty_keyring() -> None:
    """Replace the session keyring of this process by an empty one.

    Raises
    ------
    OSError
        If the kernel has keyrings and refuses.
    """
    if platform.machine() not in MACHINES:
        return  # `program` will say so
    number = KEYCTL[list(MACHINES).index(platform.machine())]
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    words = [ctypes.c_long(word) for word in (number, JOIN_SESSION_KEYRING, 0, 0, 0, 0)]
    # If a kernel, or a container around us, refuses this, it also refuses any use of a keyring.
    if libc.syscall(*words) < 0 and ctypes.get_errno() not in (errno.ENOSYS, errno.EPERM):
        error = ctypes.get_errno()
        raise OSError(error, f"no empty keyring could be created: {os.strerror(error)}")


def _by_argument() -> list[tuple[tuple[int, int | None], list[Instruction]]]:
    """Return the calls whose treatment depends on an argument, each with its instructions."""
    return [
        (SOCKET, _only_sockets()),
        (SOCKETPAIR, _only(0, FAMILIES, errno.EAFNOSUPPORT)),
        (PERSONALITY, _only(0, PERSONALITIES, errno.EPERM)),
        (CLONE, _none_of_bits(0, NEW_NAMESPACES, errno.EPERM)),
        (IOCTL, _only_letters()),
        (FCNTL, _only_own_commands()),
        (ADVISE, _none_of(2, {errno.EINVAL: FORGETTING_ADVICE})),
        (ADVISE_FILE, _none_of(3, {0: (POSIX_FADV_DONTNEED,)})),
        *((numbers, _no_times(place)) for numbers, place in SETTING_TIMES.values()),
    ]


def _rule(number: int | None, block: list[Instruction]) -> list[Instruction]:
    """Return instructions that run a block if the call has this number, and skip it otherwise."""
    return [] if number is None else [(EQUAL, 0, len(block), number), *block]


def _failing(error: int) -> Instruction:
    """Return an instruction that ends the call with an error; for 0, as if it had succeeded."""
    return (RETURN, 0, 0, ERROR | error)


def _argument(place: int) -> Instruction:
    return (LOAD, 0, 0, ARGUMENTS_OFFSET + 8 * place)


def _only(place: int, values: tuple[int, ...], error: int) -> list[Instruction]:
    """Allow the call if an argument is one of some values."""
    checks = [(EQUAL, len(values) - index, 0, value) for index, value in enumerate(values)]
    return [_argument(place), *checks, _failing(error), (RETURN, 0, 0, ALLOW)]


def _only_sockets() -> list[Instruction]:
    """Allow a socket of one of `FAMILIES`, or one that lists the box's own interfaces."""
    *checks, failing, allowing = _only(0, FAMILIES, errno.EAFNOSUPPORT)
    longer = [(code, true + 3 if true else 0, false, value) for code, true, false, value in checks]
    interfaces = [(EQUAL, 0, 2, AF_NETLINK), _argument(2), (EQUAL, 1, 0, NETLINK_ROUTE)]
    return [*longer, *interfaces, failing, allowing]


def _only_own_commands() -> list[Instruction]:
    """Allow some commands of `fcntl`; make those that lock do nothing."""
    locking = _none_of(1, {0: LOCKING_COMMANDS})[:-1]
    return [*locking, *_only(1, OWN_COMMANDS, errno.EINVAL)]


def _no_times(place: int) -> list[Instruction]:
    """Refuse the call if an argument is null, and make it do nothing otherwise."""
    return [_argument(place), (EQUAL, 0, 1, 0), _failing(errno.EPERM), _failing(0)]


def _only_letters() -> list[Instruction]:
    """Allow commands of `ioctl` that have one of some letters and cannot fake typing."""
    typing = _none_of(1, {errno.EPERM: TERMINAL_COMMANDS})[:-1]
    argument, *checks = _only(1, LETTERS, errno.ENOTTY)
    return [*typing, argument, (AND, 0, 0, LETTER_OF_A_COMMAND), *checks]


def _none_of(place: int, values: dict[int, tuple[int, ...]]) -> list[Instruction]:
    """Allow the call unless an argument is one of the values, which are grouped by their error."""
    checks = []
    for error, refused in values.items():
        for value in refused:
            checks += [(EQUAL, 0, 1, value), _failing(error)]
    return [_argument(place), *checks, (RETURN, 0, 0, ALLOW)]


def _none_of_bits(place: int, bits: int, error: int) -> list[Instruction]:
    """Allow the call if an argument has none of some bits."""
    return [_argument(place), (ANY_BIT, 0, 1, bits), _failing(error), (RETURN, 0, 0, ALLOW)]
