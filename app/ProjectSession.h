#pragma once

#include "app/Project.h"
#include "db/Database.h"

#include <QObject>
#include <QPointer>
#include <QThread>

#include <functional>
#include <memory>
#include <type_traits>

namespace tagalign::app {

/// The window's open project: a thread with one connection that does all of the window's reading
/// and writing, in the order it was asked, so that the window itself never touches a disk.
///
/// Lives on the GUI thread. The destructor finishes what was asked before.
class ProjectSession : public QObject
{
    Q_OBJECT

public:
    /// Opens the connection. @throws std::exception
    explicit ProjectSession(Project project, QObject* parent = nullptr);
    ~ProjectSession() override;

    [[nodiscard]] const Project& project() const { return m_project; }

    /// Runs work(database) on the project's thread, then then(result) on the GUI thread, unless
    /// the receiver is gone by then. An error is emitted as failed(), then onFailed() is called.
    template <class Work, class Then>
    void ask(QObject* receiver, Work work, Then then, std::function<void()> onFailed = {})
    {
        using Result = std::invoke_result_t<Work, db::Database&>;
        const QPointer<QObject> guard(receiver);
        post(
            [this, guard, work = std::move(work), then = std::move(then)](db::Database& database) {
                if constexpr (std::is_void_v<Result>) {
                    work(database);
                    reply(guard, then);
                } else {
                    auto result = std::make_shared<Result>(work(database));
                    reply(guard, [then, result] { then(std::move(*result)); });
                }
            },
            [guard, onFailed = std::move(onFailed)] {
                if (guard && onFailed) {
                    onFailed();
                }
            });
    }

Q_SIGNALS:
    /// Something could not be read or written; one sentence.
    void failed(const QString& message);

private:
    void post(std::function<void(db::Database&)> work, std::function<void()> onFailed);
    void reply(const QPointer<QObject>& receiver, std::function<void()> then);

    Project m_project;
    QThread m_thread;
    QObject* m_worker;                        ///< lives on m_thread
    std::unique_ptr<db::Database> m_database; ///< used on m_thread only
};

} // namespace tagalign::app
