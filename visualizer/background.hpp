// Work that takes longer than a frame, done by a thread of its own.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "sim/views/progress.hpp"

namespace hvlab::visualizer {

/// One result at a time. `key` says what was asked, `version` of which state of the run (its generation).
template <class Result>
class Background {
 public:
  using Work = std::function<Result(views::Progress&)>;

  Background() = default;
  ~Background() { end(); }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  /// What `work` made for `key`; null while it is at it, and if it failed. Another key than the last time
  /// stops what is under way and starts anew. Another version starts anew once what is under way has ended,
  /// and meanwhile what was made last is good: a run that grows all the time would else show nothing ever.
  /// The result stays where it is until the next call. `work` must not use what the window's thread uses, and
  /// has to heed Progress::stop.
  const Result* get(const std::string& key, u64 version, Work work) {
    if (key_ != key) {
      end();
      key_ = key;
      start(version, std::move(work));
    } else if (ended_) {
      take();
      if (begun_ != version) start(version, std::move(work));
    }
    return result_ ? &*result_ : nullptr;
  }

  /// Nothing is there to be shown yet.
  bool busy() const { return !result_ && thread_.joinable(); }
  /// What get() gave is of an earlier version than what is being made.
  bool renews() const { return result_ && thread_.joinable(); }
  /// The version that get() gave something of.
  u64 version() const { return made_; }
  double fraction() const { return progress_ ? progress_->fraction() : 0; }
  /// Why there is no result; empty if there is, or while it is being made.
  const std::string& error() const { return error_; }

 private:
  void start(u64 version, Work work) {
    begun_ = version;
    progress_.emplace();
    ended_ = false;
    thread_ = std::thread([this, work = std::move(work)] { run(work); });
  }

  void run(const Work& work) {
    try {
      fresh_.emplace(work(*progress_));
    } catch (const std::exception& problem) {
      fresh_error_ = problem.what();
    }
    ended_ = true;
  }

  void take() {
    if (!thread_.joinable()) return;
    thread_.join();
    result_ = std::exchange(fresh_, std::nullopt);
    error_ = std::exchange(fresh_error_, {});
    made_ = begun_;
  }

  void end() {
    if (progress_) progress_->stop = true;
    if (thread_.joinable()) thread_.join();
    fresh_.reset();
    result_.reset();
    fresh_error_.clear();
    error_.clear();
    made_ = 0;
    key_.reset();
  }

  std::optional<std::string> key_;
  u64 begun_ = 0, made_ = 0;
  std::optional<views::Progress> progress_;
  std::optional<Result> result_;
  std::string error_;
  std::atomic<bool> ended_{false};  // the next two are the window's thread's from then on
  std::optional<Result> fresh_;
  std::string fresh_error_;
  std::thread thread_;
};

}  // namespace hvlab::visualizer
