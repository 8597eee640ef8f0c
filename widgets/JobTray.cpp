#include "widgets/JobTray.h"

#include "widgets/Theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>

namespace tagalign::widgets {

/// One line of the tray.
class JobTray::Row : public QWidget
{
public:
    explicit Row(JobTray* tray)
        : QWidget(tray),
          m_text(new QLabel(this)),
          m_bar(new QProgressBar(this)),
          m_remaining(new QLabel(this)),
          m_pause(new QPushButton(this)),
          m_cancel(new QPushButton(this))
    {
        auto* layout = new QHBoxLayout(this);
        layout->setContentsMargins(0, 0, 0, 0);
        layout->addWidget(m_text, 1);
        layout->addWidget(m_bar);
        layout->addWidget(m_remaining);
        layout->addWidget(m_pause);
        layout->addWidget(m_cancel);
        m_text->setTextFormat(Qt::PlainText);
        m_text->setMinimumWidth(1); // long file names must not widen the window
        m_bar->setFixedWidth(24 * kGrid);
        m_bar->setTextVisible(false);
        connect(m_pause, &QPushButton::clicked, tray, [this, tray] {
            Q_EMIT tray->pauseRequested(m_job.id, m_job.state != TrayJob::State::Paused);
        });
        connect(m_cancel, &QPushButton::clicked, tray, [this, tray] {
            if (m_job.state == TrayJob::State::Over) {
                Q_EMIT tray->dismissRequested(m_job.id);
            } else {
                Q_EMIT tray->cancelRequested(m_job.id);
            }
        });
    }

    void present(const TrayJob& job)
    {
        m_job = job;
        const bool isOver = job.state == TrayJob::State::Over;
        m_text->setText(job.sentence.isEmpty()
                            ? job.title
                            : QStringLiteral("%1: %2").arg(job.title, job.sentence));
        m_text->setToolTip(m_text->text());
        m_bar->setVisible(!isOver);
        m_bar->setRange(0, job.fraction < 0.0 ? 0 : 1000);
        m_bar->setValue(int(job.fraction * 1000.0));
        m_remaining->setText(job.state == TrayJob::State::Queued   ? tr("waiting")
                             : job.state == TrayJob::State::Paused ? tr("paused")
                                                                   : job.remaining);
        m_pause->setVisible(job.state == TrayJob::State::Running ||
                            job.state == TrayJob::State::Paused);
        m_pause->setText(job.state == TrayJob::State::Paused ? tr("Resume") : tr("Pause"));
        m_cancel->setText(isOver ? tr("Dismiss") : tr("Cancel"));
    }

private:
    TrayJob m_job;
    QLabel* m_text;
    QProgressBar* m_bar;
    QLabel* m_remaining;
    QPushButton* m_pause;
    QPushButton* m_cancel;
};

JobTray::JobTray(QWidget* parent)
    : QWidget(parent),
      m_layout(new QVBoxLayout(this))
{
    m_layout->setContentsMargins(2 * kGrid, kGrid / 2, 2 * kGrid, kGrid / 2);
    m_layout->setSpacing(kGrid / 2);
    hide();
}

void JobTray::setJobs(const QList<TrayJob>& jobs)
{
    while (m_rows.size() < jobs.size()) {
        m_rows.append(new Row(this));
        m_layout->addWidget(m_rows.last());
    }
    while (m_rows.size() > jobs.size()) {
        m_rows.takeLast()->deleteLater();
    }
    for (qsizetype i = 0; i < jobs.size(); ++i) {
        m_rows.at(i)->present(jobs.at(i));
        m_rows.at(i)->setVisible(true);
    }
    setVisible(!jobs.isEmpty());
}

} // namespace tagalign::widgets
