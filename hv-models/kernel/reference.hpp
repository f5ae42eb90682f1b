// Things with several users, which live until the last one lets go.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::kernel {

/// Base of such things; begins with one user.
class Counted {
 public:
  void keep() { __atomic_add_fetch(&users_, 1, __ATOMIC_RELAXED); }
  /// The same, unless the last one has just let go.
  bool keep_if_used() {
    u32 users = __atomic_load_n(&users_, __ATOMIC_RELAXED);
    while (users != 0) {
      if (__atomic_compare_exchange_n(&users_, &users, users + 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        return true;
    }
    return false;
  }
  /// More than one holds it.
  bool is_shared() const { return __atomic_load_n(&users_, __ATOMIC_ACQUIRE) > 1; }
  /// True if that was the last.
  bool let_go() { return __atomic_sub_fetch(&users_, 1, __ATOMIC_ACQ_REL) == 0; }

 private:
  u32 users_ = 1;
};

template <typename T>
class Ref {
 public:
  Ref() = default;
  /// Takes over the caller's use of `thing` (one just made has one); may be nullptr.
  static Ref take(T* thing) {
    Ref result;
    result.thing_ = thing;
    return result;
  }
  /// One more use.
  static Ref share(T* thing) {
    if (thing != nullptr) thing->keep();
    return take(thing);
  }
  Ref(const Ref& other) : thing_(other.thing_) {
    if (thing_ != nullptr) thing_->keep();
  }
  Ref(Ref&& other) noexcept : thing_(other.thing_) { other.thing_ = nullptr; }
  Ref& operator=(Ref other) noexcept {
    T* old = thing_;
    thing_ = other.thing_;
    other.thing_ = old;
    return *this;
  }
  ~Ref() {
    if (thing_ != nullptr && thing_->let_go()) delete thing_;
  }
  T* operator->() const { return thing_; }
  T& operator*() const { return *thing_; }
  T* get() const { return thing_; }
  explicit operator bool() const { return thing_ != nullptr; }

 private:
  T* thing_ = nullptr;
};

}  // namespace hvlab::kernel
