"""A server that speaks Supabase Realtime's dialect, for tests and without an account.

``python -m rx_phoenix.testing.supabase`` starts one for a first look.
"""

from rx_phoenix.testing.supabase._server import SupabaseServer
from rx_phoenix.testing.supabase._tables import Table

__all__ = ["SupabaseServer", "Table"]
