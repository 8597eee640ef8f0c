#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

namespace tagalign::model::pipeline {

/// Hands values from some threads to others; a full queue makes the givers wait.
template <typename Value>
class BoundedQueue
{
public:
    explicit BoundedQueue(std::size_t capacity)
        : m_capacity(capacity)
    {
    }

    /// Waits for room. @return false if the queue is closed; the value is dropped then.
    bool push(Value value)
    {
        std::unique_lock lock(m_mutex);
        m_hasRoom.wait(lock, [this] { return m_isClosed || m_values.size() < m_capacity; });
        if (m_isClosed) {
            return false;
        }
        m_values.push_back(std::move(value));
        m_hasValue.notify_one();
        return true;
    }

    /// Waits for a value. @return nothing once the queue is closed and empty.
    std::optional<Value> pop()
    {
        std::unique_lock lock(m_mutex);
        m_hasValue.wait(lock, [this] { return m_isClosed || !m_values.empty(); });
        return take();
    }

    /// Waits at most that long. @return nothing if no value came.
    template <typename Duration>
    std::optional<Value> popWithin(Duration duration)
    {
        std::unique_lock lock(m_mutex);
        m_hasValue.wait_for(lock, duration, [this] { return m_isClosed || !m_values.empty(); });
        return take();
    }

    /// No more pushes; what is inside can still be popped.
    void close()
    {
        const std::unique_lock lock(m_mutex);
        m_isClosed = true;
        m_hasRoom.notify_all();
        m_hasValue.notify_all();
    }

private:
    std::optional<Value> take() // under the lock
    {
        if (m_values.empty()) {
            return std::nullopt;
        }
        std::optional<Value> value(std::move(m_values.front()));
        m_values.pop_front();
        m_hasRoom.notify_one();
        return value;
    }

    const std::size_t m_capacity;
    std::mutex m_mutex;
    std::condition_variable m_hasRoom;
    std::condition_variable m_hasValue;
    std::deque<Value> m_values;
    bool m_isClosed = false;
};

} // namespace tagalign::model::pipeline
