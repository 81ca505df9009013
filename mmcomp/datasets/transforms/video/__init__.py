from .decode_frames import DecodeFrames
from .sample_frames import SampleFrames

__all__ = ['DecodeFrames', 'SampleFrames']
