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

/// Is told of every account that is opened. The same account may be opened again.
class LedgerWatcher {
 public:
  virtual ~LedgerWatcher() = default;
  /// Processor `core` is charged to `account` from its cycle `cycle` on.
  virtual void account_opened(unsigned core, Account account, u64 cycle) = 0;
};

/// One processor's page: an account is open at any moment; closing it charges the cycles since it was opened.
class CoreLedger {
 public:
  /// Closes the open account at cycle `now` of this processor and opens `next`. `now` never decreases.
  void open(Account next, u64 now) {
    totals_[static_cast<size_t>(open_)] += now - since_;
    since_ = now;
    open_ = next;
    if (watcher_ != nullptr) watcher_->account_opened(core_, next, now);
  }

  /// Tells `watcher` (null: nobody) of the account that is open and of every later one, as those of processor
  /// `core`.
  void watch(LedgerWatcher* watcher, unsigned core) {
    watcher_ = watcher;
    core_ = core;
    if (watcher_ != nullptr) watcher_->account_opened(core_, open_, since_);
  }

  Account current() const { return open_; }

  /// Cycles charged to `account` so far, the open one counted up to `now`.
  u64 total(Account account, u64 now) const {
    return totals_[static_cast<size_t>(account)] + (account == open_ ? now - since_ : 0);
  }

 private:
  std::array<u64, kAccounts> totals_{};
  u64 since_ = 0;
  LedgerWatcher* watcher_ = nullptr;
  unsigned core_ = 0;
  Account open_ = Account::HostKernel;
};

/// All processors' pages.
using Ledger = std::vector<CoreLedger>;

}  // namespace hvlab::observe
