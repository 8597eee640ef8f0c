#include "app/MainWindow.h"
#include "model/clip/Device.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QSettings>

#include <csignal>

int main(int argc, char** argv)
{
    tagalign::model::clip::keepThreadsFromSpinning(argv);
    std::signal(SIGXFSZ, SIG_IGN);           // a file-size limit is then told like a full disk
    (void)tagalign::model::clip::loadCuda(); // before anything else of LibTorch
    QApplication application(argc, argv);
    QApplication::setOrganizationName(QStringLiteral("TagAlign"));
    QApplication::setApplicationName(QStringLiteral("TagAlign Studio"));
    QApplication::setApplicationVersion(QStringLiteral(TAGALIGN_VERSION));
    QCommandLineParser parser;
    parser.addPositionalArgument(QStringLiteral("PROJECT"),
                                 QApplication::translate("main", "Project folder to open"));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.process(application);

    using tagalign::widgets::ColorScheme;
    tagalign::widgets::applyTheme(
        application, ColorScheme(QSettings().value(QStringLiteral("theme"), 0).toInt()));
    tagalign::app::MainWindow window;
    window.show();
    const QString last = QSettings().value(QStringLiteral("project")).toString();
    const QString project =
        parser.positionalArguments().isEmpty() ? last : parser.positionalArguments().first();
    if (!project.isEmpty()) { // a mistyped or moved one is told, not made anew
        window.openProject(project, tagalign::app::MainWindow::Missing::Refuse);
    }
    return QApplication::exec();
}
