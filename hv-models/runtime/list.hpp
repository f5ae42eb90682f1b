// Doubly linked lists whose links are part of the elements: adding and removing needs no memory and so cannot
// fail. An element derives from one Link for each list that it can be in at a time.
#pragma once

namespace hvlab::runtime {

template <typename Tag>
struct Link {
  Link* next = nullptr;
  Link* previous = nullptr;
  bool linked() const { return next != nullptr; }
};

template <typename T, typename Tag>
class List {
 public:
  List() { head_.next = head_.previous = &head_; }
  List(const List&) = delete;
  List& operator=(const List&) = delete;

  bool empty() const { return head_.next == &head_; }
  T* front() { return empty() ? nullptr : static_cast<T*>(head_.next); }
  /// The element after `element`, or nullptr.
  T* after(T& element) {
    Link<Tag>* next = link(element).next;
    return next == &head_ ? nullptr : static_cast<T*>(next);
  }
  void push_back(T& element) { insert(link(element), head_); }
  /// `before` may be nullptr: then at the end.
  void insert_before(T& element, T* before) {
    insert(link(element), before != nullptr ? link(*before) : head_);
  }
  void remove(T& element) {
    Link<Tag>& old = link(element);
    old.previous->next = old.next;
    old.next->previous = old.previous;
    old.next = old.previous = nullptr;
  }
  T* pop_front() {
    T* first = front();
    if (first != nullptr) remove(*first);
    return first;
  }

 private:
  static Link<Tag>& link(T& element) { return static_cast<Link<Tag>&>(element); }
  static void insert(Link<Tag>& added, Link<Tag>& before) {
    added.next = &before;
    added.previous = before.previous;
    before.previous->next = &added;
    before.previous = &added;
  }
  Link<Tag> head_;
};

}  // namespace hvlab::runtime
