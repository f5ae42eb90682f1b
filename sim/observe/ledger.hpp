// The ledger: every cycle of every processor charged to exactly one account.
#pragma once

#include <array>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::observe {

enum class Account : u8 {
  GuestUser,
  GuestKernel,
  Hypervisor,
  HostKernel,
  HostUser,
  VmmProcess,
  ManagementVmKernel,
  ManagementVmUser,
  Translation,
  WorldSwitch,
  Idle,
  Count
};

inline constexpr size_t kAccounts = static_cast<size_t>(Account::Count);

/// The account's name as printed and stored ("guest-user", "host-kernel", "idle", ...).
const char* name(Account account);

/// One processor's page: an account is open at any moment; closing it charges the cycles since it was opened.
class CoreLedger {
 public:
  /// Closes the open account at cycle `now` of this processor and opens `next`. `now` never decreases.
  void open(Account next, u64 now) {
    totals_[static_cast<size_t>(open_)] += now - since_;
    since_ = now;
    open_ = next;
  }

  Account current() const { return open_; }

  /// Cycles charged to `account` so far, the open one counted up to `now`.
  u64 total(Account account, u64 now) const {
    return totals_[static_cast<size_t>(account)] + (account == open_ ? now - since_ : 0);
  }

 private:
  std::array<u64, kAccounts> totals_{};
  u64 since_ = 0;
  Account open_ = Account::HostKernel;
};

/// All processors' pages.
using Ledger = std::vector<CoreLedger>;

}  // namespace hvlab::observe
