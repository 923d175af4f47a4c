"""Files on SFTP servers whose keys are pinned: listed, looked at twice, downloaded, put away when agreed."""
