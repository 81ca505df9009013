"""One rank of test_road_on_two_ranks.py: trains, and predicts with the soup that rank 0 makes.

    python tests/conformance/road_rank.py RANK PORT PORT CONFIG FOLDER
"""
import os
import sys
import time
from pathlib import Path

from mmcomp.cli import load_tool, verbs


def main(name: str, *words: str | Path) -> None:
    load_tool(verbs()[name]).main(list(map(str, words)))


def take_part(rank: int, ports: tuple[int, int], config: Path, folder: Path) -> None:
    """The environment is that of torchrun, and stays so; each process group meets at a port of its own."""
    soup = folder / '2.pth'
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE='2', MASTER_ADDR='127.0.0.1',
                      MASTER_PORT=str(ports[0]))
    main('train', config, '--work-dir', folder / '2', '--launcher', 'pytorch')
    if rank == 0:
        main('model_soup', '--model-folder', folder / '2', '--out', soup)
    while not soup.exists():
        time.sleep(.1)
    os.environ['MASTER_PORT'] = str(ports[1])
    main('test', config, soup, '--folder', folder / 'digits/test', '--out', folder / '2.pkl', '--launcher', 'pytorch')


if __name__ == '__main__':
    take_part(int(sys.argv[1]), (int(sys.argv[2]), int(sys.argv[3])), Path(sys.argv[4]), Path(sys.argv[5]))
