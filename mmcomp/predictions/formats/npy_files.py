"""Headers of ``.npy`` arrays, read before a byte of memory is given to what they claim."""
import math
from typing import IO

import numpy as np
from numpy.lib import format as npy

from mmcomp.errors import TableError, fault


def read_npy_header(file: IO[bytes], where: object, kinds: str = 'fU') -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type of the array that starts here; the file is left at its first number.

    Args:
        file: An open file.
        where: What errors call it.
        kinds: numpy's letters for what may be in it; floats and texts by default.

    Raises:
        TableError: If this is no ``.npy`` of plain numbers or texts, row by row.
    """
    try:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, is_fortran, dtype = read(file)
    except Exception as error:  # a damaged header can raise anything
        raise TableError(f'{where}: not a whole .npy array ({error}). Write it again.') from error
    if dtype.hasobject or dtype.kind not in kinds:
        law = 'floats or texts' if 'f' in kinds else 'whole numbers'
        raise TableError(fault(where, 'array', law, f'{dtype}', 'Objects are not read, for they may run code; convert '
                               'them.'))
    if is_fortran and len(shape) > 1:
        raise TableError(fault(where, 'array', 'stored row by row', 'Fortran order',
                               'Save `numpy.ascontiguousarray` of it.'))
    return shape, dtype


def check_size(where: object, shape: tuple[int, ...], dtype: np.dtype, found: int) -> None:
    """Refuse an array whose header claims another number of bytes than there are."""
    claimed = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or claimed != found:
        raise TableError(f'{where}: not a whole array: its header says {shape} {dtype}, which is {claimed} bytes, and '
                         f'{found} are there. Write it again.')


def write_npy_header(file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype) -> None:
    """The header of an array whose numbers are written after it, row by row."""
    npy.write_array_header_1_0(file, dict(descr=npy.dtype_to_descr(dtype), fortran_order=False, shape=shape))
