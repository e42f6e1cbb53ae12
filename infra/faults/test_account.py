"""What the account says of events that are missing, twice there, or in another order than the exchange sent them."""

import unittest

from account import Account, Sums


class AgainstTheExchangesRecord(unittest.TestCase):
    """The exchange sent 100, 101, … 199; events are numbered in the order in which they came, unless it says how."""

    def account(self, updates, ends=0, planned=None, sequences=None):
        account = Account.__new__(Account)
        account.ids, account.wrong = list(range(100, 200)), []
        sums = Sums()
        numbers = sequences or range(1, len(updates) + 1)
        account._against_truth("lane", list(zip(numbers, updates, updates)), ends, sums, planned)
        return account.wrong, sums.holes, sums.not_sent

    def test_everything_came(self):
        self.assertEqual(self.account([100, 101, 102]), ([], 0, 0))

    def test_a_hole_needs_a_connection_that_broke(self):
        self.assertEqual(self.account([100, 102, 105], ends=2), ([], 2, 3))
        wrong, holes, _ = self.account([100, 102, 105], ends=1)
        self.assertEqual((holes, wrong), (2, ["lane: 2 holes in the exchange's events, but 1 connections that broke"]))

    def test_what_was_dropped_has_its_numbers(self):
        self.assertEqual(self.account([100, 103, 104], sequences=[1, 4, 5]), ([], 0, 0))
        wrong, _, _ = self.account([100, 102], sequences=[1, 5])
        self.assertEqual(wrong, ["lane: 3 ids for 1 events before 102"])

    def test_around_a_planned_end_the_newer_connection_may_be_ahead(self):
        self.assertEqual(self.account([100, 103, 102, 101, 104], planned=1), ([], 0, 0))
        wrong, _, _ = self.account([100, 103, 101, 104], planned=1)
        self.assertEqual(wrong, ["lane: 1 holes in the exchange's events, but 0 connections that broke"])

    def test_elsewhere_nothing_is_numbered_before_what_was_sent_earlier(self):
        wrong, _, _ = self.account([100, 102, 101, 103], planned=0)
        self.assertEqual(wrong, ["lane: 1 events are numbered after ones that were sent later"])

    def test_datagrams_that_overtook_one_another_keep_their_numbers(self):
        self.assertEqual(self.account([100, 102, 101, 103], sequences=[1, 3, 2, 4], planned=0), ([], 0, 0))

    def test_an_event_that_was_never_sent(self):
        wrong, _, _ = self.account([100, 1_000])
        self.assertEqual(wrong, ["lane: the exchange never sent 1000"])


if __name__ == "__main__":
    unittest.main()
