#pragma once

#include <QList>
#include <QWidget>

class QVBoxLayout;

namespace tagalign::widgets {

/// One long job as the tray shows it.
struct TrayJob
{
    enum class State { Queued, Running, Paused, Over };

    int id = 0;
    QString title;
    QString sentence;
    double fraction = -1.0; ///< done, in [0, 1]; negative while unknown
    QString remaining;      ///< "about 2 min left"; may be empty
    State state = State::Queued;
};

/// What runs, how far, how long, with pause and cancel. Takes no room while there is nothing.
class JobTray : public QWidget
{
    Q_OBJECT

public:
    explicit JobTray(QWidget* parent = nullptr);
    void setJobs(const QList<TrayJob>& jobs);

Q_SIGNALS:
    void cancelRequested(int id);
    void pauseRequested(int id, bool paused);
    void dismissRequested(int id);

private:
    class Row;

    QVBoxLayout* m_layout;
    QList<Row*> m_rows;
};

} // namespace tagalign::widgets
